/* SPDX-License-Identifier: MIT */
/*
 * The ladder: two vertical lines, which are the two hosts; between them the packets, from the
 * line that they leave to the line at which they arrive; on the outside what the programs
 * did. Time goes down.
 *
 *      time  left text         | middle                         | right text
 *      8     18              1 1 32                             1 1 18
 *
 * A conversation is a sorted list of items (talk.h). Items become rows: each row has one place for
 * a text at either side and one for a packet, and an item goes into the row before it when its
 * place is free there and the moment is (nearly) the same. A packet that is under way for long
 * enough to show it takes two rows, leaving in one and arriving in another; if nothing but
 * texts stands between these, its arrow goes down slanted through them, else the arriving half says
 * again what it is. A long conversation loses its middle.
 *
 * Columns are cells, not bytes: a row is drawn into an array of short strings.
 */
#include "cli/ladder.h"

#include <langinfo.h>
#include <locale.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cli/talk.h"
#include "cli/xalloc.h"

#define TIME_CELLS 8
#define TEXT_CELLS 18
#define MIDDLE_CELLS 32
#define LEFT_LINE (TIME_CELLS + TEXT_CELLS + 1)
#define RIGHT_LINE (LEFT_LINE + 1 + MIDDLE_CELLS)
#define RIGHT_TEXT (RIGHT_LINE + 2)
#define ROW_CELLS (RIGHT_TEXT + TEXT_CELLS)

#define WHOLE_ROOM (MIDDLE_CELLS - 6) /* for the label of an arrow that is whole */
#define SLANT_ROOM (MIDDLE_CELLS - 7) /* of half an arrow */
#define SAME_ROW BERTH_MSEC	      /* items this close may share a row */
#define SAME_REACTION (10 * BERTH_MSEC)
#define SILENCE (150 * BERTH_MSEC) /* a gap this long is drawn as one */
#define SLANTED BERTH_MSEC	   /* packets under way for at least this long take two rows */
#define SLANT_ROWS_MAX 6
#define TALKS_MAX 12
#define ROWS_MAX 240
#define ROWS_FIRST 160
#define ROWS_LAST 60

enum middle {
	MIDDLE_EMPTY,
	MIDDLE_WHOLE, /* leaves and arrives */
	MIDDLE_LEAVE,
	MIDDLE_ARRIVE,
	MIDDLE_LOST,
	MIDDLE_SLANT, /* passes through on its way down */
};

struct row {
	berth_time time;
	const char *texts[2];
	enum middle middle;
	size_t packet;
	int side;	/* of a packet that leaves or arrives */
	unsigned depth; /* of a slanted arrow: rows below the one it left in */
	bool continued; /* of a leaving one: its arrow goes on below */
};

struct rows {
	struct row *rows;
	size_t count, capacity;
};

struct glyphs {
	const char *vertical, *horizontal, *from_left, *from_right, *to_right, *to_left;
	const char *down_right, *down_left, *lost, *gap;
};

static const struct glyphs lines = {"│", "─", "├", "┤", "▶", "◀", "╲", "╱", "✗", "⋮"};
static const struct glyphs ascii = {"|", "-", "|", "|", ">", "<", "\\", "/", "X", ":"};

enum ink {
	INK_PLAIN,
	INK_DIM,
	INK_AGAIN,
	INK_LOST,
};

struct cell {
	const char *glyph; /* of one column; NULL: the byte */
	char byte;
	enum ink ink;
};

struct canvas {
	struct cell cells[ROW_CELLS];
	const struct glyphs *glyphs;
};

/* --- rows --- */

static struct row *add_row(struct rows *rows, berth_time time)
{
	struct row *row;

	rows->rows = xgrow(rows->rows, &rows->capacity, rows->count + 1, sizeof(*row));
	row = &rows->rows[rows->count++];
	memset(row, 0, sizeof(*row));
	row->time = time;
	return row;
}

/* How much later than a row a text may be to share it: what a program does with a packet
 * that has just reached it belongs beside its arrow, even if the machine took its time. */
static berth_time reaction(const struct row *row, const struct talk_item *item)
{
	return row->middle == MIDDLE_ARRIVE && row->side == item->side ? SAME_REACTION : SAME_ROW;
}

/* The last row if the item still fits into it, else a new one. */
static struct row *row_for(struct rows *rows, const struct talk_item *item)
{
	struct row *last = rows->count > 0 ? &rows->rows[rows->count - 1] : NULL;
	bool is_text = item->kind == TALK_TEXT;

	if (!last || item->time - last->time >= (is_text ? reaction(last, item) : SAME_ROW))
		return add_row(rows, item->time);
	if (is_text ? last->texts[item->side] != NULL : last->middle != MIDDLE_EMPTY)
		return add_row(rows, item->time);
	/* What makes a packet leave stands beside that packet. */
	if (is_text && item->acts && last->middle != MIDDLE_EMPTY)
		return add_row(rows, item->time);
	/* A packet arrives before a program can have taken it. */
	if (item->kind == TALK_ARRIVE && last->texts[item->side])
		return add_row(rows, item->time);
	return last;
}

static bool is_slanted(const struct passage *p)
{
	return p->arrival != BERTH_TIME_NEVER && (p->open || p->arrival - p->leave >= SLANTED);
}

static void make_rows(const struct talk *t, struct rows *rows)
{
	memset(rows, 0, sizeof(*rows));
	for (size_t i = 0; i < t->item_count; i++) {
		const struct talk_item *item = &t->items[i];
		const struct passage *p = t->packets[item->packet].passage;
		struct row *row;

		if (item->kind == TALK_ARRIVE && !is_slanted(p))
			continue; /* drawn where it left */
		row = row_for(rows, item);
		if (item->kind == TALK_TEXT) {
			row->texts[item->side] = item->text;
			continue;
		}
		row->packet = item->packet;
		row->side = item->side;
		if (item->kind == TALK_ARRIVE)
			row->middle = MIDDLE_ARRIVE;
		else if (p->arrival == BERTH_TIME_NEVER)
			row->middle = MIDDLE_LOST;
		else
			row->middle = is_slanted(p) ? MIDDLE_LEAVE : MIDDLE_WHOLE;
	}
}

/* Joins the halves of arrows that have nothing but texts between them. */
static void slant(struct rows *rows)
{
	for (size_t i = 0; i < rows->count; i++) {
		struct row *leave = &rows->rows[i];
		size_t end = i + 1;

		if (leave->middle != MIDDLE_LEAVE)
			continue;
		while (end < rows->count && end - i < SLANT_ROWS_MAX &&
		       rows->rows[end].middle == MIDDLE_EMPTY)
			end++;
		if (end == rows->count || rows->rows[end].middle != MIDDLE_ARRIVE ||
		    rows->rows[end].packet != leave->packet)
			continue;
		leave->continued = true;
		for (size_t k = i + 1; k <= end; k++) {
			rows->rows[k].depth = (unsigned)(k - i);
			rows->rows[k].packet = leave->packet;
			if (k < end)
				rows->rows[k].middle = MIDDLE_SLANT;
		}
	}
}

/* --- drawing --- */

static void put(struct canvas *c, size_t column, const char *glyph, enum ink ink)
{
	if (column < ROW_CELLS)
		c->cells[column] = (struct cell){glyph, 0, ink};
}

/* Text of at most `room` columns; one that is longer ends in '~'. */
static void put_text(struct canvas *c, size_t column, const char *text, size_t room, enum ink ink)
{
	size_t length = strlen(text);

	for (size_t i = 0; i < length && i < room; i++) {
		bool cut = i + 1 == room && length > room;

		c->cells[column + i] = (struct cell){NULL, cut ? '~' : text[i], ink};
	}
}

static void clear(struct canvas *c)
{
	for (size_t i = 0; i < ROW_CELLS; i++)
		c->cells[i] = (struct cell){NULL, ' ', INK_PLAIN};
	put(c, LEFT_LINE, c->glyphs->vertical, INK_DIM);
	put(c, RIGHT_LINE, c->glyphs->vertical, INK_DIM);
}

static enum ink ink_of(const struct talk_packet *p)
{
	if (p->passage->arrival == BERTH_TIME_NEVER)
		return INK_LOST;
	return p->again || p->passage->copy || p->passage->corrupted ? INK_AGAIN : INK_PLAIN;
}

/* The column in the middle that is `cells` cells away from the line where a packet leaves. */
static size_t away(int from, size_t cells)
{
	return from == 0 ? LEFT_LINE + 1 + cells : RIGHT_LINE - 1 - cells;
}

static void put_span(struct canvas *c, int from, size_t begin, size_t end, enum ink ink)
{
	for (size_t i = begin; i < end; i++)
		put(c, away(from, i), c->glyphs->horizontal, ink);
}

static void put_tail(struct canvas *c, int from, enum ink ink)
{
	put(c, from == 0 ? LEFT_LINE : RIGHT_LINE,
	    from == 0 ? c->glyphs->from_left : c->glyphs->from_right, ink);
}

static void put_head(struct canvas *c, int from, enum ink ink)
{
	put(c, away(from, MIDDLE_CELLS - 1), from == 0 ? c->glyphs->to_right : c->glyphs->to_left,
	    ink);
}

/* A label behind two dashes, "── SYN seq=0 "; it reads from left to right whatever the direction.
 * Returns the cells it takes. */
static size_t put_label(struct canvas *c, int from, size_t begin, const char *label, size_t room,
			enum ink ink)
{
	size_t length = strlen(label);
	size_t column;

	if (length > room)
		length = room;
	column = away(from, from == 0 ? begin + 1 : begin + length);
	put(c, away(from, begin), " ", ink);
	put_text(c, column, label, length, ink);
	put(c, away(from, begin + length + 1), " ", ink);
	return length + 2;
}

/* The longest of a packet's labels that `room` columns hold. */
static const char *label_for(const struct talk_packet *p, size_t room)
{
	for (size_t i = 0; i < 2; i++) {
		if (strlen(p->labels[i]) <= room)
			return p->labels[i];
	}
	return p->labels[2];
}

/* Where a slanted arrow bends: behind its label, about two thirds over. */
static size_t bend_of(const char *label)
{
	size_t bend = strlen(label) + 5;

	if (bend < MIDDLE_CELLS * 2 / 3)
		bend = MIDDLE_CELLS * 2 / 3;
	return bend < MIDDLE_CELLS - 3 ? bend : MIDDLE_CELLS - 3;
}

static void draw_whole(struct canvas *c, const struct talk_packet *p, enum ink ink)
{
	put_tail(c, p->from, ink);
	put_span(c, p->from, 0, MIDDLE_CELLS - 1, ink);
	(void)put_label(c, p->from, 2, label_for(p, WHOLE_ROOM), WHOLE_ROOM,
			ink); /* the line goes on */
	put_head(c, p->from, ink);
}

static const char *diagonal(const struct canvas *c, int from)
{
	return from == 0 ? c->glyphs->down_right : c->glyphs->down_left;
}

static void draw_leave(struct canvas *c, const struct talk_packet *p, enum ink ink)
{
	const char *label = label_for(p, SLANT_ROOM);
	size_t bend = bend_of(label);

	put_tail(c, p->from, ink);
	put_span(c, p->from, 0, bend, ink);
	(void)put_label(c, p->from, 2, label, SLANT_ROOM, ink); /* the bend is behind it */
	put(c, away(p->from, bend), diagonal(c, p->from), ink);
}

static void draw_arrive(struct canvas *c, const struct talk_packet *p, unsigned depth, enum ink ink)
{
	const char *label = label_for(p, SLANT_ROOM);
	size_t bend = bend_of(label) + depth;

	if (depth > 0) {
		if (bend > MIDDLE_CELLS - 2)
			bend = MIDDLE_CELLS - 2;
		put(c, away(p->from, bend), diagonal(c, p->from), ink);
		put_span(c, p->from, bend + 1, MIDDLE_CELLS - 1, ink);
	} else {
		size_t length = strlen(label) < SLANT_ROOM ? strlen(label) : SLANT_ROOM;
		size_t begin = MIDDLE_CELLS - 5 - length;

		put(c, away(p->from, begin - 1), diagonal(c, p->from), ink);
		(void)put_label(c, p->from, begin, label, length, ink);
		put_span(c, p->from, begin + length + 2, MIDDLE_CELLS - 1, ink);
	}
	put_head(c, p->from, ink);
}

static void draw_slant(struct canvas *c, const struct talk_packet *p, unsigned depth, enum ink ink)
{
	const char *label = label_for(p, SLANT_ROOM);
	size_t bend = bend_of(label) + depth;

	put(c, away(p->from, bend < MIDDLE_CELLS - 2 ? bend : MIDDLE_CELLS - 2),
	    diagonal(c, p->from), ink);
}

static const char *reason(enum berth_rule rule)
{
	switch (rule) {
	case BERTH_RULE_NONE:
	case BERTH_RULE_LOSS:
		return "lost";
	case BERTH_RULE_GEMODEL:
		return "lost (gemodel)";
	case BERTH_RULE_LIMIT:
		return "queue full";
	case BERTH_RULE_MTU:
		return "too big";
	case BERTH_RULE_PARTITION:
		return "cut off";
	case BERTH_RULE_DOWN:
		return "host gone";
	}
	return "lost";
}

static void draw_lost(struct canvas *c, const struct talk_packet *p, enum ink ink)
{
	const char *why = reason(p->passage->rule);
	size_t room = MIDDLE_CELLS - strlen(why) - 8; /* dashes, blanks, the cross */
	const char *label = label_for(p, room);
	size_t end;

	put_tail(c, p->from, ink);
	put_span(c, p->from, 0, 2, ink);
	end = 2 + put_label(c, p->from, 2, label, room, ink);
	put(c, away(p->from, end++), c->glyphs->horizontal, ink);
	while (end + strlen(why) + 3 < MIDDLE_CELLS && end < MIDDLE_CELLS * 2 / 3)
		put(c, away(p->from, end++), c->glyphs->horizontal, ink);
	put(c, away(p->from, end), c->glyphs->lost, ink);
	put_text(c, away(p->from, p->from == 0 ? end + 2 : end + 1 + strlen(why)), why, strlen(why),
		 ink);
}

static void draw_middle(struct canvas *c, const struct talk *t, const struct row *row)
{
	const struct talk_packet *p = &t->packets[row->packet];
	enum ink ink = row->middle == MIDDLE_EMPTY ? INK_PLAIN : ink_of(p);

	switch (row->middle) {
	case MIDDLE_EMPTY:
		break;
	case MIDDLE_WHOLE:
		draw_whole(c, p, ink);
		break;
	case MIDDLE_LEAVE:
		draw_leave(c, p, ink);
		break;
	case MIDDLE_ARRIVE:
		draw_arrive(c, p, row->depth, ink);
		break;
	case MIDDLE_LOST:
		draw_lost(c, p, ink);
		break;
	case MIDDLE_SLANT:
		draw_slant(c, p, row->depth, ink);
		break;
	}
}

static const char *escape(enum ink ink)
{
	switch (ink) {
	case INK_PLAIN:
		return "\033[0m";
	case INK_DIM:
		return "\033[0;2m";
	case INK_AGAIN:
		return "\033[0;33m";
	case INK_LOST:
		return "\033[0;31m";
	}
	return "";
}

static void show(const struct canvas *c, bool colour, FILE *out)
{
	enum ink ink = INK_PLAIN;
	size_t end = ROW_CELLS;

	while (end > 0 && !c->cells[end - 1].glyph && c->cells[end - 1].byte == ' ')
		end--;
	for (size_t i = 0; i < end; i++) {
		const struct cell *cell = &c->cells[i];

		if (colour && cell->ink != ink)
			fputs(escape(cell->ink), out);
		ink = cell->ink;
		if (cell->glyph)
			fputs(cell->glyph, out);
		else
			fputc(cell->byte, out);
	}
	if (colour && ink != INK_PLAIN)
		fputs(escape(INK_PLAIN), out);
	fputc('\n', out);
}

/* Right-aligned beside its line. */
static void put_left(struct canvas *c, const char *text)
{
	size_t length = strlen(text) < TEXT_CELLS ? strlen(text) : TEXT_CELLS;

	put_text(c, TIME_CELLS + TEXT_CELLS - length, text, TEXT_CELLS, INK_PLAIN);
}

static void draw_row(struct canvas *c, const struct talk *t, const struct row *row,
		     berth_time start, const struct ladder_style *style, FILE *out)
{
	char time[32];

	clear(c);
	snprintf(time, sizeof(time), "%7.1f", (double)(row->time - start) / (double)BERTH_MSEC);
	put_text(c, 0, time, TIME_CELLS, INK_DIM);
	if (row->texts[0])
		put_left(c, row->texts[0]);
	if (row->texts[1])
		put_text(c, RIGHT_TEXT, row->texts[1], TEXT_CELLS, INK_PLAIN);
	draw_middle(c, t, row);
	show(c, style->colour, out);
}

/* On one line, or, when long addresses fill it, on three. */
static void print_title(const struct talk *t, FILE *out)
{
	bool tcp = t->protocol == IPPROTO_TCP;
	size_t packets = t->packet_count - t->questions;
	char ends[2][72];
	char counts[96];
	size_t bytes;
	const char *gap;

	endpoint_print(&t->ends[0], ends[0], sizeof(ends[0]));
	endpoint_print(&t->ends[1], ends[1], sizeof(ends[1]));
	bytes = (size_t)snprintf(counts, sizeof(counts), "%zu %s%s, %zu lost", packets,
				 tcp ? "segment" : "datagram", packets == 1 ? "" : "s", t->lost);
	if (tcp)
		snprintf(counts + bytes, sizeof(counts) - bytes, ", %zu sent again", t->again);
	bytes = strlen(ends[0]) + strlen(ends[1]) + strlen(counts) + strlen("TCP,  to : ");
	gap = bytes > ROW_CELLS ? "\n     " : " ";
	fprintf(out, "%s, %s%sto %s:%s%s\n\n", tcp ? "TCP" : "UDP", ends[0], gap, ends[1], gap,
		counts);
}

static void print_head(struct canvas *c, const struct talk *t, const struct ladder_style *style,
		       FILE *out)
{
	clear(c);
	put_text(c, 5, "ms", TIME_CELLS, INK_DIM);
	put_left(c, t->names[0]);
	put_text(c, RIGHT_TEXT, t->names[1], TEXT_CELLS, INK_PLAIN);
	show(c, style->colour, out);
}

/* Whether, before this row, nothing happened for long, and now somebody does something. */
static bool after_silence(const struct row *row)
{
	const struct row *before = row - 1;

	return row->time - before->time >= SILENCE && row->middle != MIDDLE_ARRIVE &&
	       row->middle != MIDDLE_SLANT;
}

static void draw_silence(struct canvas *c, berth_time time, const struct ladder_style *style,
			 FILE *out)
{
	double ms = (double)time / (double)BERTH_MSEC;
	char text[MIDDLE_CELLS];

	if (time < BERTH_SEC)
		snprintf(text, sizeof(text), "%.0f ms later", ms);
	else
		snprintf(text, sizeof(text), "%.1f s later", ms / 1000);
	clear(c);
	put(c, LEFT_LINE, c->glyphs->gap, INK_DIM);
	put(c, RIGHT_LINE, c->glyphs->gap, INK_DIM);
	put_text(c, LEFT_LINE + 1 + (MIDDLE_CELLS - strlen(text)) / 2, text, MIDDLE_CELLS, INK_DIM);
	show(c, style->colour, out);
}

static void draw_talk(const struct talk *t, const struct ladder_style *style, FILE *out)
{
	struct canvas c = {.glyphs = style->utf8 ? &lines : &ascii};
	struct rows rows;
	berth_time start;

	make_rows(t, &rows);
	slant(&rows);
	print_title(t, out);
	print_head(&c, t, style, out);
	start = rows.rows[0].time;
	for (size_t i = 0; i < rows.count; i++) {
		if (rows.count > ROWS_MAX && i == ROWS_FIRST) {
			size_t next = rows.count - ROWS_LAST;

			fprintf(out, "    ... %zu rows left out ...\n", next - i);
			i = next;
		}
		if (i > 0 && after_silence(&rows.rows[i]))
			draw_silence(&c, rows.rows[i].time - rows.rows[i - 1].time, style, out);
		draw_row(&c, t, &rows.rows[i], start, style, out);
	}
	free(rows.rows);
}

void ladder_draw(const struct events *e, const struct ladder_style *style, FILE *out)
{
	struct talks talks;

	talks_find(e, &talks);
	for (size_t i = 0; i < talks.count && i < TALKS_MAX; i++) {
		fputc('\n', out);
		draw_talk(&talks.talks[i], style, out);
	}
	if (talks.count == 0)
		fputs("\nNo TCP or UDP packet crossed a cable.\n", out);
	else if (talks.count > TALKS_MAX)
		fprintf(out, "\n... and %zu more conversations.\n", talks.count - TALKS_MAX);
	if (e->left_out > 0)
		fprintf(out, "\n%zu later calls and packets are left out.\n", e->left_out);
	talks_fini(&talks);
}

void ladder_print(const struct events *e, FILE *out)
{
	const char *no_colour = getenv("NO_COLOR");
	struct ladder_style style = {
		.colour = isatty(fileno(out)) && (!no_colour || !*no_colour),
	};

	if (setlocale(LC_CTYPE, "")) /* else it stays as it is: ASCII */
		style.utf8 = strcmp(nl_langinfo(CODESET), "UTF-8") == 0;
	ladder_draw(e, &style, out);
}
