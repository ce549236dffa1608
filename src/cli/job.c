/* SPDX-License-Identifier: MIT */
#include "cli/job.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "cli/xalloc.h"

static bool sets_variable(const char *entry, const char *variable)
{
	size_t length = strcspn(variable, "=");

	return strncmp(entry, variable, length) == 0 && entry[length] == '=';
}

/* Whether a command gives the variable of an entry another value. */
static bool replaces(const struct netfile_command *c, const char *entry)
{
	for (size_t i = 0; i < c->env_count; i++) {
		if (strchr(c->env[i], '=') && sets_variable(entry, c->env[i]))
			return true;
	}
	return false;
}

char **job_environment(const struct netfile_command *c)
{
	size_t count = 0;
	size_t own = 0;
	char **env;

	while (environ[own])
		own++;
	env = xcalloc(own + c->env_count + 1, sizeof(*env));
	for (size_t i = 0; i < own; i++) {
		if (!replaces(c, environ[i]))
			env[count++] = environ[i];
	}
	for (size_t i = 0; i < c->env_count; i++) {
		if (strchr(c->env[i], '=')) /* a name alone is as berth's own */
			env[count++] = c->env[i];
	}
	return env;
}

int job_exit_status(const struct job *j)
{
	return WIFSIGNALED(j->status) ? 128 + WTERMSIG(j->status) : WEXITSTATUS(j->status);
}

/* "berth: web: WHAT: python3 -m http.server 80", the first line of the command. */
static void say(const struct job *j, const char *what)
{
	char *text = xplain(j->command->text, strcspn(j->command->text, "\n"));

	fprintf(stderr, "berth: %s: %s: %s\n", j->host_name, what, text);
	free(text);
}

static bool ended_as_expected(const struct job *j)
{
	int status = job_exit_status(j);
	char text[96];

	if (j->command->running && !j->early)
		return true;
	if (!j->command->running && status == j->command->exit)
		return true;
	if (j->command->running)
		snprintf(text, sizeof(text), "exit status %d, expected to be running", status);
	else if (WIFSIGNALED(j->status))
		snprintf(text, sizeof(text), "killed by SIG%s, expected exit status %d",
			 sigabbrev_np(WTERMSIG(j->status)), j->command->exit);
	else
		snprintf(text, sizeof(text), "exit status %d, expected %d", status,
			 j->command->exit);
	say(j, text);
	return false;
}

bool job_met(const struct job *j)
{
	switch (j->state) {
	case JOB_WAITING:
		say(j, "was not started");
		return false;
	case JOB_RUNNING:
		return j->command->running;
	case JOB_ENDED:
		return ended_as_expected(j);
	case JOB_NEVER:
		if (j->err == 0) /* what could not be started was told at once */
			say(j, "never started: what it waits for ended without listening");
		return false;
	}
	return false;
}
