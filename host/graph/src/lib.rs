//! Graph file to plan.
