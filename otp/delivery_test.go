package otp

import "testing"

func TestDelivery(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		delivery, told Delivery
		lost           bool
	}{
		{DeliverySending, DeliverySending, false},
		{DeliverySent, DeliverySent, false},
		{DeliveryDelivered, DeliveryDelivered, false},
		{DeliveryFailed, DeliveryFailed, true},
		{DeliveryUnknown, DeliveryUnknown, false},
		{DeliveryUndelivered, DeliveryFailed, true},
	} {
		if told, lost := tt.delivery.told(), tt.delivery.lost(); told != tt.told || lost != tt.lost {
			t.Errorf("%s: told %s, lost %t; want %s, %t", tt.delivery, told, lost, tt.told, tt.lost)
		}
	}
}
