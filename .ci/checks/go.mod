module github.com/caddy-sms-2fa/gateway/checks

go 1.26.0
