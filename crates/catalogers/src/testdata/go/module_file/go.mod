module example.org/app

go 1.21

require (
	a.example/x v1.0.0
	"b.example/y/v2" v2.1.0 // indirect
	c.example/Z v0.0.0-20240102030405-0123456789ab // indirect
	d.example/local v1.0.0
	e.example/bad v1.0.0
)

require f.example/one v1.0.0

replace a.example/x => g.example/x v1.0.1
replace (
	d.example/local v1.0.0 => ../local
)
exclude e.example/bad v1.0.0
retract v0.1.0
