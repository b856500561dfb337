"""One module per subcommand, loaded only when it is called."""
