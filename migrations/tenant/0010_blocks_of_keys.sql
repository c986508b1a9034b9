CREATE TABLE `key_blocks` (
	`through` integer PRIMARY KEY NOT NULL,
	`at` integer NOT NULL,
	`merged` integer NOT NULL,
	`entries` text NOT NULL
);
--> statement-breakpoint
ALTER TABLE `jobs` ADD `dispatch_key` text;