/** What runs of `export` and `verify` note. */
export const exported = {
  'Bundle for {board}: {files} files, {bytes} bytes, SHA-256 {hash}.': '面向 {board} 的交付包：{files} 个文件，{bytes} 字节，SHA-256 {hash}。',
  'Written to {path}.': '已写入 {path}。',
  'Exported although checks failed: README.md and MANIFEST.json name them.': '检查未通过仍导出：README.md 与 MANIFEST.json 已注明。',
  'Bundle {hash} for {board}: {files} files, {count} golden outputs.': '面向 {board} 的交付包 {hash}：{files} 个文件，{count} 个参考输出。',
  'Dump of {board} for golden input {index} of bundle {hash}.': '{board} 对交付包 {hash} 第 {index} 个参考输入的转储。',
  'What the board gives looks like {suspicion} (cosine {before}, put right {after}).': '板端结果像是 {suspicion}（余弦 {before}，纠正后 {after}）。',
  'What the board gives for {tensor} looks like {suspicion} (cosine {before}, put right {after}).': '板端的 {tensor} 像是 {suspicion}（余弦 {before}，纠正后 {after}）。',
}
