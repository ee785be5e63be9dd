package otp

import (
	"testing"
)

// The values of kinds and of states of delivery are written into logs, metrics and records.
func TestValuesNeverChange(t *testing.T) {
	t.Parallel()
	for want, kind := range map[string]Kind{
		"idle": Idle, "open": Waiting, "sending": Sending, "asking": Asking, "right": Right, "wrong": Wrong,
		"malformed": Malformed, "expired": Expired, "blocked": Blocked, "disabled": Disabled, "limited": Limited,
	} {
		if string(kind) != want {
			t.Errorf("kind is %q, want %q", kind, want)
		}
	}
	for want, delivery := range map[string]Delivery{
		"sending": DeliverySending, "sent": DeliverySent, "delivered": DeliveryDelivered, "failed": DeliveryFailed,
		"unknown": DeliveryUnknown, "undelivered": DeliveryUndelivered,
	} {
		if string(delivery) != want {
			t.Errorf("delivery is %q, want %q", delivery, want)
		}
	}
}
