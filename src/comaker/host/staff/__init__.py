"""The pages on which the firm's staff work."""
