/* SPDX-License-Identifier: MIT */
/*
 * The well-known services are text in the form of the file, so that one reader serves both. They
 * are those of RFC 6335's registry that programs name: the seed's http, https, ftp and smtp among
 * them.
 */
#include "dns/services.h"

#include <string.h>

#include "base/env.h"
#include "dns/columns.h"

static const char well_known[] = "tcpmux 1/tcp\n"
				 "echo 7/tcp\necho 7/udp\n"
				 "discard 9/tcp sink null\ndiscard 9/udp sink null\n"
				 "systat 11/tcp users\n"
				 "daytime 13/tcp\ndaytime 13/udp\n"
				 "netstat 15/tcp\n"
				 "qotd 17/tcp quote\n"
				 "chargen 19/tcp ttytst source\nchargen 19/udp ttytst source\n"
				 "ftp-data 20/tcp\nftp 21/tcp\n"
				 "ssh 22/tcp\n"
				 "telnet 23/tcp\n"
				 "smtp 25/tcp mail\n"
				 "time 37/tcp timserver\ntime 37/udp timserver\n"
				 "whois 43/tcp nicname\n"
				 "domain 53/tcp\ndomain 53/udp\n"
				 "bootps 67/udp\nbootpc 68/udp\n"
				 "tftp 69/udp\n"
				 "gopher 70/tcp\n"
				 "finger 79/tcp\n"
				 "http 80/tcp www\n"
				 "kerberos 88/tcp kerberos5 krb5 kerberos-sec\n"
				 "kerberos 88/udp kerberos5 krb5 kerberos-sec\n"
				 "pop3 110/tcp pop-3\n"
				 "sunrpc 111/tcp portmapper\nsunrpc 111/udp portmapper\n"
				 "auth 113/tcp authentication tap ident\n"
				 "nntp 119/tcp readnews untp\n"
				 "ntp 123/udp\n"
				 "netbios-ns 137/udp\nnetbios-dgm 138/udp\nnetbios-ssn 139/tcp\n"
				 "imap2 143/tcp imap\n"
				 "snmp 161/tcp\nsnmp 161/udp\n"
				 "snmp-trap 162/tcp snmptrap\nsnmp-trap 162/udp snmptrap\n"
				 "bgp 179/tcp\n"
				 "irc 194/tcp\nirc 194/udp\n"
				 "ldap 389/tcp\nldap 389/udp\n"
				 "https 443/tcp\nhttps 443/udp\n"
				 "microsoft-ds 445/tcp\nmicrosoft-ds 445/udp\n"
				 "submissions 465/tcp ssmtp smtps urd\n"
				 "isakmp 500/udp\n"
				 "login 513/tcp\nwho 513/udp whod\n"
				 "shell 514/tcp cmd syslog\nsyslog 514/udp\n"
				 "printer 515/tcp spooler\n"
				 "route 520/udp router routed\n"
				 "dhcpv6-client 546/udp\ndhcpv6-server 547/udp\n"
				 "rtsp 554/tcp\nrtsp 554/udp\n"
				 "nntps 563/tcp snntp\n"
				 "submission 587/tcp\n"
				 "ipp 631/tcp\n"
				 "ldaps 636/tcp\nldaps 636/udp\n"
				 "domain-s 853/tcp\ndomain-s 853/udp\n"
				 "rsync 873/tcp\n"
				 "ftps-data 989/tcp\nftps 990/tcp\n"
				 "telnets 992/tcp\n"
				 "imaps 993/tcp\n"
				 "pop3s 995/tcp\n"
				 "socks 1080/tcp\n"
				 "openvpn 1194/tcp\nopenvpn 1194/udp\n"
				 "ms-sql-s 1433/tcp\n"
				 "radius 1812/udp\nradius-acct 1813/udp radacct\n"
				 "mqtt 1883/tcp\n"
				 "nfs 2049/tcp\nnfs 2049/udp\n"
				 "iscsi-target 3260/tcp\n"
				 "mysql 3306/tcp\n"
				 "sip 5060/tcp\nsip 5060/udp\nsip-tls 5061/tcp\nsip-tls 5061/udp\n"
				 "xmpp-client 5222/tcp jabber-client\n"
				 "xmpp-server 5269/tcp jabber-server\n"
				 "mdns 5353/udp\n"
				 "postgresql 5432/tcp postgres\n"
				 "amqps 5671/tcp\namqp 5672/tcp\n"
				 "x11 6000/tcp x11-0\n"
				 "redis 6379/tcp\n"
				 "http-alt 8080/tcp webcache\nhttp-alt 8080/udp\n"
				 "git 9418/tcp\n";

struct services {
	char *text;
	const char **names;
	struct service *lines;
	unsigned count;
};

/* "80/tcp", cut up. False: it is none. */
static bool take_port(char *word, struct service *out)
{
	unsigned port = 0;
	char *p = word;

	for (; *p >= '0' && *p <= '9' && port <= UINT16_MAX; p++)
		port = port * 10 + (unsigned)(*p - '0');
	if (p == word || *p != '/' || p[1] == '\0' || port > UINT16_MAX)
		return false;
	out->port = (uint16_t)port;
	out->protocol = p + 1;
	return true;
}

static bool take_line(struct services *s, char *line, unsigned *names_used)
{
	struct service *l = &s->lines[s->count];
	const char **names = s->names + *names_used;
	const char *name = columns_next(&line);
	char *port = columns_next(&line);
	const char *alias;

	if (!name || !port || !take_port(port, l))
		return false;
	l->names = names;
	names[0] = name;
	l->name_count = 1;
	while ((alias = columns_next(&line)) != NULL)
		names[l->name_count++] = alias;
	*names_used += l->name_count;
	return true;
}

struct services *services_new(struct env *env, const char *text)
{
	struct services *s = env_calloc(env, 1, sizeof(*s));
	const char *source = text ? text : well_known;
	unsigned names_used = 0;
	size_t words;
	size_t lines;
	char *rest;
	char *line;

	if (!s)
		return NULL;
	columns_count(source, &lines, &words);
	s->text = columns_copy(env, source);
	s->lines = env_calloc(env, lines, sizeof(*s->lines));
	s->names = env_calloc(env, words + 1, sizeof(*s->names));
	if (!s->text || !s->lines || !s->names) {
		services_free(s, env);
		return NULL;
	}
	rest = s->text;
	while ((line = columns_line(&rest)) != NULL)
		s->count += take_line(s, line, &names_used);
	return s;
}

void services_free(struct services *s, struct env *env)
{
	if (!s)
		return;
	env_free(env, s->text);
	env_free(env, s->lines);
	env_free(env, s->names);
	env_free(env, s);
}

static bool has_name(const struct service *l, const char *name)
{
	for (unsigned i = 0; i < l->name_count; i++)
		if (strcmp(l->names[i], name) == 0)
			return true;
	return false;
}

static bool has_protocol(const struct service *l, const char *protocol)
{
	return !protocol || strcmp(l->protocol, protocol) == 0;
}

const struct service *services_by_name(const struct services *s, const char *name,
				       const char *protocol)
{
	for (unsigned i = 0; s && i < s->count; i++)
		if (has_name(&s->lines[i], name) && has_protocol(&s->lines[i], protocol))
			return &s->lines[i];
	return NULL;
}

const struct service *services_by_port(const struct services *s, uint16_t port,
				       const char *protocol)
{
	for (unsigned i = 0; s && i < s->count; i++)
		if (s->lines[i].port == port && has_protocol(&s->lines[i], protocol))
			return &s->lines[i];
	return NULL;
}
