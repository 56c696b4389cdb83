// Sends a personalised letter with nodemailer's pool, and writes a row in
// SQLite for each message that the server took.
//
// usage: nodemailer_send.js PORT LIST LETTERS COUNT LEDGER CONNECTIONS
'use strict';

const Database = require('better-sqlite3');
const fs = require('fs');
const nodemailer = require('nodemailer');
const path = require('path');
const readline = require('readline');

const [port, list, letters, count, ledgerPath, connections] =
	process.argv.slice(2);
const text = fs.readFileSync(path.join(letters, 'wages.txt'), 'utf8');
const page = fs.readFileSync(path.join(letters, 'wages.html'), 'utf8');
const entities = {'&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;',
	'\'': '&#39;'};

function escape(value) {
	return value.replace(/[&<>"']/g, (c) => entities[c]);
}

function fill(template, person, encode = (value) => value) {
	return template.replace(/{{(\w+)}}/g, (_, name) => encode(person[name]));
}

function openLedger() {
	const ledger = new Database(ledgerPath);

	ledger.pragma('journal_mode = wal');
	ledger.pragma('synchronous = normal');
	ledger.exec('create table delivery ' +
		'(id integer primary key, email text, at text)');
	return ledger;
}

// The list's people with their numbers; no value in it holds a comma.
async function* people() {
	const lines = readline.createInterface({
		input: fs.createReadStream(list),
	});
	let columns = null;
	let number = 0;

	for await (const line of lines) {
		const values = line.split(',');

		if (!columns) {
			columns = values;
			continue;
		}
		if (++number > Number(count))
			return;
		yield [number, Object.fromEntries(
			columns.map((column, i) => [column, values[i]]))];
	}
}

function build(number, person) {
	return {
		from: 'Campaign <campaign@committee.example>',
		to: {name: person.name, address: person.email},
		subject: `Unpaid wages: a question to ${person.name}`,
		messageId: `<${number}@committee.example>`,
		text: fill(text, person),
		html: fill(page, person, escape),
	};
}

async function main() {
	const transport = nodemailer.createTransport({
		host: '127.0.0.1', port: Number(port), ignoreTLS: true, pool: true,
		maxConnections: Number(connections), maxMessages: Infinity,
	});
	const ledger = openLedger();
	const insert = ledger.prepare(
		'insert into delivery values (?, ?, datetime(\'now\'))');
	const queue = people();

	// Two for each connection, so that none waits for its next message.
	async function work() {
		for (;;) {
			const {value, done} = await queue.next();

			if (done)
				return;
			const [number, person] = value;
			await transport.sendMail(build(number, person));
			insert.run(number, person.email);
		}
	}
	await Promise.all(
		Array.from({length: 2 * Number(connections)}, work));
	transport.close();
	ledger.close();
}

main().catch((error) => {
	console.error(error);
	process.exit(1);
});
