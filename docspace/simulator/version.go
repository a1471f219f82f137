package simulator

// Version is a generation of DocSpace servers whose answers look alike. Later ones are greater.
type Version int

// The versions that can be simulated.
const (
	// Flat is the vendor's own sample, which no server sends: a bare list of flat elements, and no heed
	// of the parameter fields. In all else it is like V31.
	Flat Version = iota
	V30          // 3.0.4
	V31          // 3.1 to 3.6; where these differ 3.6.1, unless Options.EarlyLog makes it 3.1.1
	V37          // 3.7
)

// String returns the version's name for tests: flat, 3.0, 3.1 or 3.7.
func (v Version) String() string {
	switch v {
	case V30:
		return "3.0"
	case V31:
		return "3.1"
	case V37:
		return "3.7"
	default:
		return "flat"
	}
}

// server is the number of a server of the version.
func (v Version) server() string {
	switch v {
	case V30:
		return "3.0.4"
	case V37:
		return "3.7.2.1234"
	default:
		return "3.6.1.1234"
	}
}
