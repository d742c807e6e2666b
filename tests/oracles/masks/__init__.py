"""Statements for the mask oracle, and the tables full of markers that they are run on."""
