package docspace

// Endpoint names one part of the API. The set is closed, so it is safe as a label.
type Endpoint string

// The endpoints that a Client reads.
const (
	EndpointSettings Endpoint = "settings" // GET settings
	EndpointWebhooks Endpoint = "webhooks" // GET settings/webhook
	EndpointTriggers Endpoint = "triggers" // GET settings/webhook/triggers
	EndpointLog      Endpoint = "log"      // GET settings/webhooks/log
	EndpointKey      Endpoint = "key"      // GET keys/@self
	EndpointUser     Endpoint = "user"     // GET people/@self
)

// optional reports whether the rest of the portal can be read without the endpoint.
func (e Endpoint) optional() bool { return e == EndpointKey || e == EndpointUser }

// Endpoints returns every Endpoint.
func Endpoints() []Endpoint {
	return []Endpoint{EndpointSettings, EndpointWebhooks, EndpointTriggers, EndpointLog, EndpointKey, EndpointUser}
}
