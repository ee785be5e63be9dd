package otp

// Delivery is what is known of a text.
type Delivery string

// What can be known of a text.
const (
	DeliverySending     Delivery = "sending"     // on its way to the provider
	DeliverySent        Delivery = "sent"        // accepted by the provider
	DeliveryDelivered   Delivery = "delivered"   // on the phone, says the provider
	DeliveryFailed      Delivery = "failed"      // surely not accepted
	DeliveryUnknown     Delivery = "unknown"     // perhaps accepted
	DeliveryUndelivered Delivery = "undelivered" // accepted, and given up later
)

// told is what a visitor is told. An undelivered text is told as failed: the visitor learns that the text will not
// come, and not why.
func (d Delivery) told() Delivery {
	if d == DeliveryUndelivered {
		return DeliveryFailed
	}
	return d
}

// lost reports whether the text is known never to come.
func (d Delivery) lost() bool { return d == DeliveryFailed || d == DeliveryUndelivered }
