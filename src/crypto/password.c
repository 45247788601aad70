#include "crypto/password.h"

#include <sodium.h>
#include <stdint.h>

#include "base/utf8.h"

_Static_assert(PASSWORD_HASH_TEXT == crypto_pwhash_STRBYTES, "size of the text form");

/* Building stones of passwords that guessers try first; each lower case;
 * is_letter knows the usual replacements (0 for o, 3 for e …). */
static const char *const common_words[] = {"password", "passwort", "passwd", "pass", "contrasena",
	"contrasenia", "clave", "kennwort", "geheim", "secret", "secreto", "iloveyou", "loveyou",
	"tequiero", "teamo", "ichliebedich", "hallo", "hello", "hola", "letmein", "welcome",
	"willkommen", "bienvenido", "admin", "administrator", "administrador", "root", "user",
	"login", "guest", "test", "testing", "default", "changeme", "master", "superman", "batman",
	"spiderman", "pokemon", "naruto", "minecraft", "fortnite", "football", "fussball", "futbol",
	"baseball", "basketball", "soccer", "monkey", "dragon", "tiger", "princess", "prinzessin",
	"princesa", "sunshine", "sonnenschein", "sunflower", "flower", "blume", "shadow", "killer",
	"hunter", "ranger", "charlie", "michael", "jessica", "jennifer", "daniel", "thomas",
	"andrew", "joshua", "ashley", "nicole", "samsung", "google", "facebook", "internet",
	"computer", "server", "whatever", "trustnoone", "freedom", "liverpool", "chelsea",
	"barcelona", "realmadrid", "arsenal", "summer", "sommer", "verano", "winter", "spring",
	"autumn", "herbst", "schatz", "schatzi", "mausi", "family", "familie", "familia", "mother",
	"father", "mama", "papa", "baby", "angel", "engel", "love", "liebe", "amor", "money",
	"geld", "qwerty", "qwertz", "qwertyuiop", "qwertzuiop", "asdf", "asdfgh", "asdfghjkl",
	"zxcvbn", "zxcvbnm", "yxcvbnm", "qazwsx", "qazwsxedc", "abc", "abcd", "abcdef", "abcdefgh",
	"abcdefghijkl", "setracker", "kinward", "watch", "smartwatch", "gps", "tracker", "the",
	"my", "mein", "meine", "new", "super", "god", "jesus"};

/* A password is at least as long as this: rows shorter than it need repeating, which is caught
 * elsewhere. */
static const char *const rows[] = {"01234567890123456789", "98765432109876543210",
	"abcdefghijklmnopqrstuvwxyz", "zyxwvutsrqponmlkjihgfedcba", "qwertyuiopasdfghjklzxcvbnm",
	"qwertzuiopasdfghjklyxcvbnm", "1qaz2wsx3edc4rfv5tgb6yhn7ujm8ik", "1q2w3e4r5t6y7u8i9o0p",
	"q1w2e3r4t5y6u7i8o9p0", "qazwsxedcrfvtgbyhnujmikolp"};

enum { PERIOD_MAX = 4, KNOWN_PART_MIN = 3 };

/* Characters of well-formed UTF-8 text without control characters. */
static bool count_clean_chars(struct view v, size_t *ret)
{
	size_t n = 0;
	uint32_t c = 0;

	for (; utf8_next(&v, &c); n++) {
		if (c < 0x20 || c == 0x7f)
			return false;
	}
	*ret = n;
	return v.n == 0;
}

static bool repeats_with_period(const char *p, size_t n, size_t period)
{
	for (size_t i = period; i < n; i++) {
		if (p[i] != p[i - period])
			return false;
	}
	return true;
}

static bool is_in_a_row(const char *p, size_t n)
{
	for (size_t i = 0; i < COUNT_OF(rows); i++) {
		size_t row_n = strlen(rows[i]);
		for (size_t at = 0; n <= row_n && at <= row_n - n; at++) {
			if (memcmp(rows[i] + at, p, n) == 0)
				return true;
		}
	}
	return false;
}

static size_t fold(struct view v, char *ret)
{
	for (size_t i = 0; i < v.n; i++)
		ret[i] = ascii_lower(v.p[i]);
	return v.n;
}

/* The letter itself, or what is often written for it: 0 for o, 3 for e, @ for a … */
static bool is_letter(char c, char letter)
{
	static const char written[] = "013457@$!";
	static const char meant[] = "oieastasi";
	const char *hit = c == '\0' ? NULL : strchr(written, c);

	return c == letter || (hit != NULL && meant[hit - written] == letter);
}

static bool begins_with_word(const char *p, size_t n, const char *word, size_t word_n)
{
	if (word_n > n)
		return false;
	for (size_t i = 0; i < word_n; i++) {
		if (!is_letter(p[i], word[i]))
			return false;
	}
	return true;
}

static bool is_separator(char c)
{
	return (c >= '0' && c <= '9') || c == '.' || c == '-' || c == '_' || c == '!' || c == '?' ||
	       c == '#' || c == '*' || c == '+' || c == ' ' || c == '@' || c == '$' || c == '&' ||
	       c == '%' || c == ',' || c == '/';
}

/* Length of the longest known part at p, or 0: a common word, a name, a keyboard row of at least
 * four. */
static size_t known_part(const char *p, size_t n, const struct view *names, size_t names_n)
{
	size_t best = 0;

	for (size_t i = 0; i < COUNT_OF(common_words); i++) {
		size_t word_n = strlen(common_words[i]);
		if (word_n > best && begins_with_word(p, n, common_words[i], word_n))
			best = word_n;
	}
	for (size_t i = 0; i < names_n; i++) {
		struct view head = {.p = p, .n = names[i].n};
		if (names[i].n >= KNOWN_PART_MIN && names[i].n <= n && names[i].n > best &&
			view_is_nocase(head, names[i]))
			best = names[i].n;
	}
	for (size_t row_n = n; row_n >= 4 && row_n > best; row_n--) {
		if (is_in_a_row(p, row_n))
			best = row_n;
	}
	return best;
}

/* Nothing but known parts, digits and signs: whoever guesses tries these. Letters that belong to no
 * known part count for the password. */
static bool is_made_of_known(const char *p, size_t n, const struct view *names, size_t names_n)
{
	size_t i = 0;
	size_t unknown = 0;

	while (i < n) {
		size_t part = known_part(p + i, n - i, names, names_n);
		if (part > 0) {
			i += part;
			continue;
		}
		unknown += !is_separator(p[i]);
		i++;
	}
	return unknown < 3;
}

static bool is_only_names(const char *p, size_t n, const struct view *names, size_t names_n)
{
	size_t i = 0;
	bool has_name = false;

	while (i < n) {
		size_t best = 0;
		for (size_t k = 0; k < names_n; k++) {
			struct view head = {.p = p + i, .n = names[k].n};
			if (names[k].n >= KNOWN_PART_MIN && names[k].n <= n - i &&
				names[k].n > best && view_is_nocase(head, names[k]))
				best = names[k].n;
		}
		if (best == 0 && !is_separator(p[i]))
			return false;
		has_name = has_name || best > 0;
		i += best == 0 ? 1 : best;
	}
	return has_name;
}

static bool is_common(struct view password, const struct view *names, size_t names_n)
{
	char text[PASSWORD_BYTES_MAX];
	size_t n = fold(password, text);

	for (size_t period = 1; period <= PERIOD_MAX; period++) {
		if (repeats_with_period(text, n, period))
			return true;
	}
	for (size_t period = PERIOD_MAX + 1; period <= n / 2; period++) {
		if (repeats_with_period(text, n, period) &&
			is_made_of_known(text, period, names, names_n))
			return true;
	}
	bool is_known = is_in_a_row(text, n) || is_made_of_known(text, n, names, names_n);
	sodium_memzero(text, sizeof text);
	return is_known;
}

enum password_fault password_check(struct view password, const struct view *names, size_t names_n)
{
	if (password.n > PASSWORD_BYTES_MAX)
		return PASSWORD_TOO_LONG;
	size_t chars = 0;
	if (!count_clean_chars(password, &chars))
		return PASSWORD_NOT_TEXT;
	if (chars < PASSWORD_CHARS_MIN)
		return PASSWORD_TOO_SHORT;
	char text[PASSWORD_BYTES_MAX];
	size_t n = fold(password, text);
	if (is_only_names(text, n, names, names_n))
		return PASSWORD_IS_NAME;
	return is_common(password, names, names_n) ? PASSWORD_COMMON : PASSWORD_GOOD;
}

enum rc password_hash(struct view password, char ret_text[PASSWORD_HASH_TEXT], struct err *e)
{
	if (crypto_pwhash_str(ret_text, password.p, password.n, crypto_pwhash_OPSLIMIT_INTERACTIVE,
		    crypto_pwhash_MEMLIMIT_INTERACTIVE) != 0)
		return fail(e, RC_NOMEM, "password: no memory for Argon2id (64 MiB)");
	return RC_OK;
}

bool password_verify(const char *hash_text, struct view password)
{
	return password.n <= PASSWORD_BYTES_MAX &&
	       crypto_pwhash_str_verify(hash_text, password.p, password.n) == 0;
}

void password_verify_nobody(struct view password)
{
	/* The same parameters as a stored hash, so the same time; nothing verifies against it,
	 * because the result is thrown away. */
	uint8_t out[32];
	static const uint8_t salt[crypto_pwhash_SALTBYTES] = {0};
	size_t n = password.n <= PASSWORD_BYTES_MAX ? password.n : PASSWORD_BYTES_MAX;

	(void)!crypto_pwhash(out, sizeof out, password.p == NULL ? "" : password.p, n, salt,
		crypto_pwhash_OPSLIMIT_INTERACTIVE, crypto_pwhash_MEMLIMIT_INTERACTIVE,
		crypto_pwhash_ALG_ARGON2ID13); /* only its time matters */
	sodium_memzero(out, sizeof out);
}
