//! Whole-system tests, one module per behaviour.
