// Package phone reads, writes and masks telephone numbers.
package phone

// Number is a telephone number in E.164 form, with the plus: "+15005550006" (ITU-T E.164). The zero value is no number.
type Number string
