# Who should follow whom: one file per replica with its master's name.
master_of() { cat "$WORK/follows/$1" 2>/dev/null; }
