# current_master: of several, the one that was promoted last, or else the first.
current_master() { cat "$WORK/master"; }
