//! Tables of ordered versions, by hand and from the ecosystems' own tools.
