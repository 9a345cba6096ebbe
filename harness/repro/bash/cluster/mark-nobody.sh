mark_masters() { :; } # no load follows the masters
