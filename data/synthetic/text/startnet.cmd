wpeinit
