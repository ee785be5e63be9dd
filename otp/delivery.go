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

// told is what a visitor is told: that a text will not come, and not why.
func (d Delivery) told() Delivery {
	if d == DeliveryUndelivered {
		return DeliveryFailed
	}
	return d
}

// lost reports whether it is known that the text never comes.
func (d Delivery) lost() bool { return d == DeliveryFailed || d == DeliveryUndelivered }
