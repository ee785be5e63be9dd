package register

type keys struct{}
