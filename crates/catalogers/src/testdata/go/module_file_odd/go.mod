require(
	a.example/x v1.0.0
b.example/broken
replace => x
