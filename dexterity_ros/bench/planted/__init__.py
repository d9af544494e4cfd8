"""Recordings with one planted cause each, made in virtual time: does the first sentence of a report name it?"""
