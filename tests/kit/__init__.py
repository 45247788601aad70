"""What the whole-program tests are made of: the real server, simulated and raw watches, a client of the API."""
