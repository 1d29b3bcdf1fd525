"""What clients send and get, and how it maps to our commands and read models. All of it pure."""
