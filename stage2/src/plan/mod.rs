//! What would happen, in which order, and how long it takes.
