#include "domain/mail_text.h"

#include <stdio.h>

#include "base/time_text.h"

enum language { ENGLISH, GERMAN, SPANISH, LANGUAGE_COUNT };

struct words {
	const char *subject;
	const char *text; /* "{what}", "{hours}", "{time}" and "{link}" stand for values */
};

static const struct words templates[MAIL_TEMPLATE_COUNT][LANGUAGE_COUNT] = {
	[MAIL_EMAIL_CONFIRM] =
		{
			{"Kinward: confirm your e-mail address",
				"Hello,\n\nsomebody entered this e-mail address for an account on "
				"this Kinward "
				"server. If it was you, confirm it here:\n\n{link}\n\nIf it was "
				"not you, do "
				"nothing: the address will not be used.\n"},
			{"Kinward: E-Mail-Adresse bestätigen",
				"Guten Tag,\n\njemand hat diese E-Mail-Adresse für ein Konto auf "
				"diesem "
				"Kinward-Server angegeben. Waren Sie das, dann bestätigen Sie sie "
				"hier:\n\n{link}\n\nWaren Sie es nicht, müssen Sie nichts tun: Die "
				"Adresse "
				"wird nicht verwendet.\n"},
			{"Kinward: confirme su correo electrónico",
				"Hola:\n\nAlguien indicó esta dirección de correo para una cuenta "
				"de este "
				"servidor Kinward. Si fue usted, confírmela aquí:\n\n{link}\n\nSi "
				"no fue "
				"usted, no haga nada: la dirección no se usará.\n"},
		},
	[MAIL_RECOVERY] =
		{
			{"Kinward: recover your account",
				"Hello,\n\nsomebody asked to recover the account with this e-mail "
				"address. If "
				"it was you, begin here:\n\n{link}\n\nAfter that there is a "
				"waiting time of "
				"{hours} hours, and everybody in your groups is told. If it was "
				"not you, do "
				"nothing and pass this link on to nobody.\n"},
			{"Kinward: Konto wiederherstellen",
				"Guten Tag,\n\njemand möchte das Konto mit dieser E-Mail-Adresse "
				"wiederherstellen. Waren Sie das, dann beginnen Sie "
				"hier:\n\n{link}\n\nDanach "
				"gilt eine Wartezeit von {hours} Stunden, und alle in Ihren "
				"Gruppen werden "
				"benachrichtigt. Waren Sie es nicht, tun Sie nichts und geben Sie "
				"diesen Link "
				"niemandem weiter.\n"},
			{"Kinward: recupere su cuenta",
				"Hola:\n\nAlguien pidió recuperar la cuenta de esta dirección de "
				"correo. Si "
				"fue usted, empiece aquí:\n\n{link}\n\nDespués hay un tiempo de "
				"espera de "
				"{hours} horas y se avisa a todas las personas de sus grupos. Si "
				"no fue usted, "
				"no haga nada y no dé este enlace a nadie.\n"},
		},
	[MAIL_RECOVERY_STARTED] =
		{
			{"Kinward: a recovery of your account has begun",
				"Hello,\n\nthe recovery of your account has begun. A new password "
				"can be set "
				"from {time} (UTC) on.\n\nIf it was not you: sign in before that "
				"time and stop "
				"it.\n\n{link}\n"},
			{"Kinward: Ihr Konto wird wiederhergestellt",
				"Guten Tag,\n\ndie Wiederherstellung Ihres Kontos hat begonnen. Ab "
				"{time} (UTC) "
				"kann ein neues Passwort gesetzt werden.\n\nWaren Sie das nicht: "
				"Melden Sie "
				"sich vorher an und halten Sie sie an.\n\n{link}\n"},
			{"Kinward: ha empezado la recuperación de su cuenta",
				"Hola:\n\nHa empezado la recuperación de su cuenta. Desde {time} "
				"(UTC) se podrá "
				"poner una contraseña nueva.\n\nSi no fue usted, entre antes de "
				"esa hora y "
				"deténgala.\n\n{link}\n"},
		},
	[MAIL_PASSKEY_SUSPECT] =
		{
			{"Kinward: a passkey may have been copied",
				"Hello,\n\na passkey of your account behaved as a copied one does. "
				"Remove it "
				"and set up a new one:\n\n{link}\n"},
			{"Kinward: Ein Passkey wurde vielleicht kopiert",
				"Guten Tag,\n\nein Passkey Ihres Kontos verhielt sich wie ein "
				"kopierter. "
				"Entfernen Sie ihn und richten Sie einen neuen ein:\n\n{link}\n"},
			{"Kinward: una clave de acceso puede haber sido copiada",
				"Hola:\n\nUna clave de acceso de su cuenta se comportó como una "
				"copia. Quítela "
				"y cree una nueva:\n\n{link}\n"},
		},
	[MAIL_SECURITY_CHANGED] =
		{
			{"Kinward: a change of your account",
				"Hello,\n\nthis was changed in your account: {what}.\n\nIf it was "
				"not you, sign "
				"in and look at your devices and keys:\n\n{link}\n"},
			{"Kinward: eine Änderung an Ihrem Konto",
				"Guten Tag,\n\nan Ihrem Konto wurde geändert: {what}.\n\nWaren Sie "
				"das nicht, "
				"melden Sie sich an und prüfen Sie Ihre Geräte und "
				"Schlüssel:\n\n{link}\n"},
			{"Kinward: un cambio en su cuenta",
				"Hola:\n\nEn su cuenta se cambió esto: {what}.\n\nSi no fue usted, "
				"entre y "
				"revise sus dispositivos y claves:\n\n{link}\n"},
		},
	[MAIL_TEST] =
		{
			{"Kinward: test",
				"This is a test of this Kinward server's mail. It works.\n"},
			{"Kinward: Test",
				"Dies ist ein Test der E-Mail dieses Kinward-Servers. Sie "
				"funktioniert.\n"},
			{"Kinward: prueba",
				"Esta es una prueba del correo de este servidor Kinward. "
				"Funciona.\n"},
		},
};

static const char *const whats[MAIL_WHAT_COUNT][LANGUAGE_COUNT] = {
	[MAIL_WHAT_PASSWORD] = {"the password", "das Passwort", "la contraseña"},
	[MAIL_WHAT_EMAIL] = {"the e-mail address", "die E-Mail-Adresse", "el correo electrónico"},
	[MAIL_WHAT_PASSKEY_ADDED] = {"a passkey was added", "ein Passkey kam hinzu",
		"se añadió una clave de acceso"},
	[MAIL_WHAT_PASSKEY_REMOVED] = {"a passkey was removed", "ein Passkey wurde entfernt",
		"se quitó una clave de acceso"},
	[MAIL_WHAT_TOTP_ON] = {"codes of an authenticator app were turned on",
		"Codes einer Authenticator-App wurden eingeschaltet",
		"se activaron los códigos de una aplicación"},
	[MAIL_WHAT_TOTP_OFF] = {"codes of an authenticator app were turned off",
		"Codes einer Authenticator-App wurden ausgeschaltet",
		"se desactivaron los códigos de una aplicación"},
	[MAIL_WHAT_RECOVERY_CODES] = {"new recovery codes were made",
		"neue Wiederherstellungscodes wurden erzeugt",
		"se crearon códigos de recuperación nuevos"},
	[MAIL_WHAT_ACCOUNT_DELETED] = {"the account was deleted", "das Konto wurde gelöscht",
		"la cuenta fue eliminada"},
};

static enum language language_of(const char *name)
{
	if (name != NULL && view_starts_nocase(view_of(name), VIEW("de")))
		return GERMAN;
	if (name != NULL && view_starts_nocase(view_of(name), VIEW("es")))
		return SPANISH;
	return ENGLISH;
}

/* Visible ASCII: nothing that ends a line or hides. */
static bool is_link(struct view link)
{
	if (!view_starts_nocase(link, VIEW("https://")) &&
		!view_starts_nocase(link, VIEW("http://")))
		return false;
	for (size_t i = 0; i < link.n; i++) {
		if (link.p[i] <= ' ' || link.p[i] > '~' || link.p[i] == '<' || link.p[i] == '>')
			return false;
	}
	return link.n <= MAIL_LINK_MAX;
}

struct values {
	struct view link, what;
	char hours[24];
	char time[TIME_TEXT];
};

/* The value that `name` stands for; false: none. */
static bool value_of(const struct values *v, struct view name, struct view *ret)
{
	const struct {
		struct view name, value;
	} all[] = {
		{VIEW("link"), v->link},
		{VIEW("what"), v->what},
		{VIEW("hours"), view_of(v->hours)},
		{VIEW("time"), view_of(v->time)},
	};

	for (size_t i = 0; i < COUNT_OF(all); i++) {
		if (view_is(name, all[i].name)) {
			*ret = all[i].value;
			return true;
		}
	}
	return false;
}

static enum rc fill(const char *text, const struct values *v, char *dst, size_t size, struct err *e)
{
	struct view in = view_of(text);
	size_t n = 0;

	while (in.n > 0) {
		struct view part = {.p = in.p, .n = view_find(in, '{')};
		if (part.n == 0) {
			struct view name;
			in.p++;
			in.n--;
			if (!view_cut_until(&in, '}', 8, &name) || !value_of(v, name, &part))
				return fail(e, RC_BUG, "mail: a template without end");
		} else {
			in.p += part.n;
			in.n -= part.n;
		}
		if (part.n >= size - n)
			return fail(e, RC_LIMIT, "mail: more than %zu bytes", size);
		if (part.n > 0)
			memcpy(dst + n, part.p, part.n);
		n += part.n;
	}
	dst[n] = '\0';
	return RC_OK;
}

enum rc mail_text_write(const struct mail *m, char ret_subject[MAIL_SUBJECT_TEXT],
	char ret_text[MAIL_TEXT_MAX], struct err *e)
{
	enum language language = language_of(m->language);
	struct values v = {.link = m->link, .what = VIEW("")};

	if ((unsigned)m->template >= MAIL_TEMPLATE_COUNT || (unsigned)m->what >= MAIL_WHAT_COUNT)
		return fail(e, RC_BUG, "mail: no template %u", (unsigned)m->template);
	if (m->template != MAIL_TEST && !is_link(m->link))
		return fail(e, RC_SYNTAX, "mail: this is no link");
	const struct words *w = &templates[m->template][language];
	v.what = view_of(whats[m->what][language]);
	(void)snprintf(v.hours, sizeof v.hours, "%lld", (long long)m->hours);
	time_to_text(m->time_ms, v.time);
	v.time[16] = '\0'; /* without seconds */
	v.time[10] = ' ';
	enum rc rc = fill(w->subject, &v, ret_subject, MAIL_SUBJECT_TEXT, e);
	return rc == RC_OK ? fill(w->text, &v, ret_text, MAIL_TEXT_MAX, e) : rc;
}
