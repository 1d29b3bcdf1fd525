"""REST, WebSocket and the page."""
