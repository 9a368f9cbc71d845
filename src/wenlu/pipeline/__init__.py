"""Where stages are joined: one file a stage, each from finished inputs to a finished output."""
