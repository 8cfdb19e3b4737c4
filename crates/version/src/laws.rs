//! Laws of order, on any text.
