"""The invented artists of the demonstration, with their pictures and music."""
