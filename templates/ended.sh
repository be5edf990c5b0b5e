# ExecStopPost of every unit: secrets go however it ended, and a unit that was killed leaves a last record.
rm -rf "$KB_DIR/secrets"
if ! tail -n 1 "$KB_DIR/records" | grep -q "^$KB_NONCE	E	"; then
  printf '%s\tX\t%s\t%s\n' "$KB_NONCE" "${SERVICE_RESULT:-unknown}" "${EXIT_STATUS:-}" >>"$KB_DIR/records"
fi
: >"$KB_DIR/ended"
