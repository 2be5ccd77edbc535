"""Estimators as plain functions of arrays: each cites its paper and is tested on worlds of known truth."""
