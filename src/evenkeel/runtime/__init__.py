"""How the parts are started on one machine. Nothing in web or edges imports this."""
