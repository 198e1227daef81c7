"""Plug-ins for ura_study: each module registers one thing when it is imported."""
