((words) => {
	"use strict";
	const byId = (id) => document.getElementById(id);
	const { status, home, look: lookAt } = document.body.dataset;
	const code = byId("code"), verify = byId("verify"), resend = byId("resend"), delivery = byId("delivery");
	const otp = "OTPCredential" in window ? new AbortController() : null;

	// What the address has behind "#" is known here alone: forms and links take it along. A link to where the page
	// stands already loads it anew.
	const goHome = (home) => {
		const to = new URL(home, location.href);
		to.hash = location.hash;
		if (to.hash && to.href === location.href) location.reload(); else location.assign(to);
	};
	for (const link of document.querySelectorAll("main a")) {
		link.addEventListener("click", (event) => {
			link.hash = location.hash;
			if (link.hash && link.href === location.href && !link.target) {
				event.preventDefault();
				location.reload();
			}
		});
	}

	// One submit a page, whatever is clicked how often.
	let sent = false;
	const guard = (form) => form?.addEventListener("submit", (event) => {
		if (sent) { event.preventDefault(); return; }
		sent = true;
		otp?.abort();
		form.action = form.getAttribute("action").split("#")[0] + location.hash;
	});
	guard(verify);
	guard(byId("send"));
	guard(byId("enroll"));
	guard(byId("restore"));
	guard(byId("logout"));
	guard(byId("logout-everywhere"));
	window.addEventListener("pageshow", () => { sent = false; });

	// How things stand now. A browser that was let in meanwhile, in another tab, goes on; so the page looks when it is
	// looked at again.
	const look = async () => {
		const response = await fetch(status, { headers: { Accept: "application/json" } }).catch(() => null);
		const answer = await response?.json().catch(() => null) ?? {};
		if (answer.verified && !sent) goHome(home);
		return { ...answer, now: Date.parse(response?.headers.get("Date")) }; // the clock here may be wrong
	};
	const lookAgain = () => { if (status && !document.hidden && !sent) look(); };
	window.addEventListener("focus", lookAgain);
	document.addEventListener("visibilitychange", lookAgain);
	if (!navigator.cookieEnabled && byId("cookies")) byId("cookies").hidden = false;

	// A code that is pasted or filled in is sent at once: then several digits come at a time. Typed digits wait for the
	// button, so that a slip of the finger can be mended. The server decides what a code is; this looks for digits alone.
	const digitsOf = (text) => [...text.replace(/\P{Nd}/gu, "")];
	const length = Number(code?.dataset.length);
	const complete = (text) => {
		const groups = (text.match(/\p{Nd}+/gu) ?? []).filter((group) => [...group].length === length);
		return digitsOf(text).length === length || new Set(groups).size === 1;
	};
	let before = 0; // digits
	code?.addEventListener("input", () => {
		code.removeAttribute("aria-invalid");
		const now = digitsOf(code.value).length;
		if (now > before + 1 && complete(code.value)) verify.requestSubmit();
		before = now;
	});
	if (byId("fills")) byId("fills").hidden = false;

	// The browser may offer the code from the text; what it offers is input like any other.
	if (code && otp) {
		navigator.credentials.get({ otp: { transport: ["sms"] }, signal: otp.signal }).then((credential) => {
			if (credential && complete(credential.code)) {
				code.value = credential.code;
				verify.requestSubmit();
			}
		}).catch(() => {});
	}

	// The words are those of the page: see script.go. A variable without a value stays as it is.
	const numberOf = (n) => String(n).replace(/[0-9]/g, (digit) => words.digits[digit]);
	const plurals = new Intl.PluralRules(words.language);
	const say = (key, values = {}) => {
		const text = words.texts[key][plurals.select(values.n ?? 0)] ?? words.texts[key].other;
		return text.replace(/\{([a-z]+)\}/g, (variable, name) => name === "n" ? numberOf(values.n) : values[name] ?? variable);
	};
	const duration = (s) => {
		if (s === 0) return say("moment");
		if (s <= 90) return say("seconds", { n: s });
		if (s <= 90 * 60) return say("minutes", { n: Math.ceil(s / 60) });
		if (s <= 48 * 3600) return say("hours", { n: Math.ceil(s / 3600) });
		return say("days", { n: Math.ceil(s / 86400) });
	};

	// The example is one of the chosen country. Numbers stand in one piece, also between words from right to left.
	const country = byId("country"), example = byId("example");
	country?.addEventListener("change", () => {
		const { national, international } = country.selectedOptions[0].dataset;
		const piece = (number) => `\u2066${number.replaceAll(" ", "\u00a0")}\u2069`;
		if (!international) example.textContent = "";
		else if (!national) example.textContent = say("number-example", { international: piece(international) });
		else example.textContent = say("number-examples", { national: piece(national), international: piece(international) });
	});

	// Waiting times count down. The server decides; this only shows.
	const countDown = (seconds, show, done) => {
		const end = Date.now() + seconds * 1000;
		let shown;
		const tick = setInterval(() => {
			const left = Math.max(0, Math.ceil((end - Date.now()) / 1000));
			if (left !== shown) show(shown = left);
			if (left === 0) { clearInterval(tick); done(); }
		}, 500);
		return tick;
	};
	for (const place of document.querySelectorAll("[data-countdown]")) {
		const goesOn = byId("goes-on");
		if (goesOn) goesOn.hidden = false;
		const done = () => { if (goesOn && lookAt && !sent) goHome(lookAt); };
		countDown(Number(place.dataset.countdown), (left) => { place.textContent = duration(left); }, done);
	}

	// Times are shown by the visitor's clock and habits.
	for (const time of document.querySelectorAll("time")) {
		const style = { dateStyle: "long", timeStyle: "short" };
		time.textContent = new Date(time.dateTime).toLocaleString(words.language, style);
	}

	// The buttons wait for their time. A text that was lost may bring that forward.
	let waiting;
	const hint = (text) => { if (byId("wait")) byId("wait").textContent = text; };
	const allowIn = (seconds) => {
		if (!resend) return;
		clearInterval(waiting);
		for (const button of [resend, ...document.querySelectorAll("button[name=number]")]) button.disabled = seconds > 0;
		if (seconds <= 0) { hint(""); return; }
		const first = resend.classList.contains("primary");
		const show = (time) => hint(first ? say("wait-first", { time }) : say("wait-again", { time }));
		waiting = countDown(seconds, (left) => show(duration(left)), () => allowIn(0));
	};
	if (resend?.dataset.wait) allowIn(Number(resend.dataset.wait));

	// While the text is on its way, ask how it goes, a few times; also on its way from the provider to the phone, where
	// providers report that.
	const news = {
		sent: say("now-sent"), delivered: say("now-delivered"), failed: say("text-failed"), unknown: say("now-unknown"),
	};
	const ask = async (left) => {
		if (left === 0) return;
		const answer = await look();
		if (answer.verified) return;
		if (news[answer.delivery] && answer.delivery !== delivery.dataset.delivery) {
			delivery.dataset.delivery = answer.delivery;
			delivery.textContent = news[answer.delivery];
			if (answer.delivery === "failed") {
				delivery.className = "alert";
				delivery.setAttribute("role", "alert");
				const wait = Math.ceil((Date.parse(answer.resend_at) - answer.now) / 1000) || 0;
				if (wait <= 0) delivery.textContent = say("text-failed-try-now");
				allowIn(wait);
			}
		}
		if (open()) setTimeout(ask, 2000, left - 1);
	};
	const open = () => delivery.dataset.delivery === "sending" ||
		"reports" in delivery.dataset && ["sent", "unknown"].includes(delivery.dataset.delivery);
	if (delivery && open()) setTimeout(ask, 1000, 45);
})
