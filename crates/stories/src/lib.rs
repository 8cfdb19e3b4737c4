//! User stories through the real program: one file per story in `tests/it`. There is no code here.
