//! Matching with small data of our own.
