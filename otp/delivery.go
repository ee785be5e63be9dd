package otp

import "time"

// MaxSending is the longest time in which a caller sends a text that was ordered, and settles it. A text that is not
// settled by then is not being sent any more: the gateway that should have sent it was killed, or could not write down
// how the text went. Whether the text was accepted is not known.
const MaxSending = 40 * time.Second

// Delivery is what is known of a text.
type Delivery string

// What can be known of a text.
const (
	DeliverySending     Delivery = "sending"     // on its way to the provider
	DeliverySent        Delivery = "sent"        // accepted by the provider
	DeliveryDelivered   Delivery = "delivered"   // on the phone, says the provider
	DeliveryFailed      Delivery = "failed"      // surely not accepted
	DeliveryUnknown     Delivery = "unknown"     // perhaps accepted, or not settled within MaxSending
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
