/* SPDX-License-Identifier: MIT */
/*
 * Feeds a fuzzer every file of a directory, and each of them cut short at every length: the test
 * that what was once found stays found, without a fuzzing engine.
 */
#include <dirent.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define INPUT_BYTES_MAX 65536u

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t bytes);

static void replay(const uint8_t *data, size_t bytes)
{
	/* In memory of its own, so that a sanitizer sees a byte read too far. */
	for (size_t n = 0; n <= bytes; n++) {
		uint8_t *copy = malloc(n > 0 ? n : 1);

		if (copy == NULL)
			abort();
		memcpy(copy, data, n);
		LLVMFuzzerTestOneInput(copy, n);
		free(copy);
	}
}

int main(int argc, char **argv)
{
	static uint8_t data[INPUT_BYTES_MAX];
	DIR *dir = argc == 2 ? opendir(argv[1]) : NULL;
	struct dirent *entry;
	unsigned count = 0;

	if (dir == NULL) {
		fprintf(stderr, "usage: replay CORPUS\n");
		return 2;
	}
	while ((entry = readdir(dir)) != NULL) {
		char path[4096];

		if (entry->d_name[0] == '.')
			continue;
		snprintf(path, sizeof(path), "%s/%s", argv[1], entry->d_name);
		FILE *f = fopen(path, "rb");

		if (f == NULL)
			return 2;
		replay(data, fread(data, 1, sizeof(data), f));
		fclose(f);
		count++;
	}
	closedir(dir);
	printf("%u inputs\n", count);
	return count > 0 ? 0 : 1;
}
