"""Settings, addresses and the ASGI door. Nothing clinical lives here."""
