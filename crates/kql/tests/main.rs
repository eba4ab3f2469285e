//! The parser as its users see it. Queries are documents in `queries/`: what is accepted and what is refused.

mod completion;
mod corpus;
mod findings;
mod grouping;
mod hostile;
mod mutations;
mod oracle;
mod repetition;
mod round_trip;
mod tree;
