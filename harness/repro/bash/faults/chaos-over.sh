# Nothing begins after the end of the chaos phase.
chaos_over() { [ "$(now_ms)" -ge "$((T0 + CHAOS_MS))" ]; }
