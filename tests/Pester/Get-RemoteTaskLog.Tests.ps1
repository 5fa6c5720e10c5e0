BeforeAll { . "$PSScriptRoot/Setup.ps1" }
AfterAll { Clear-Sandbox }

Describe 'Get-RemoteTaskLog' -Tag Local {
    BeforeAll { $five = Invoke-RemoteTask 'for i in 1 2 3 4 5; do echo "line $i"; done; echo "an error" >&2' -Id five -Wait 6>$null }

    It 'gives the whole log, line by line' {
        $log = Get-RemoteTaskLog $five
        $log.Text | Should -Be 'line 1', 'line 2', 'line 3', 'line 4', 'line 5', 'an error'
        $log[0].HostName | Should -Be 'local'
        $log[0].TaskId | Should -Be 'five'
    }

    It 'gives the last lines with -Tail' {
        (Get-RemoteTaskLog five -Tail 2).Text | Should -Be 'line 5', 'an error'
        (Get-RemoteTaskLog five -Tail 100).Text | Should -HaveCount 6
        Get-RemoteTaskLog five -Tail 0 | Should -BeNullOrEmpty
        { Get-RemoteTaskLog five -Tail -1 } | Should -Throw
    }

    It 'begins at a byte with -Offset' {
        (Get-RemoteTaskLog five -Offset 28).Text | Should -Be 'line 5', 'an error'
        Get-RemoteTaskLog five -Offset 30 -Follow -Raw | Should -Be 'ne 5', 'an error'
        Get-RemoteTaskLog five -Offset 1000 | Should -BeNullOrEmpty
        { Get-RemoteTaskLog five -Offset -1 } | Should -Throw
        { Get-RemoteTaskLog five -Offset 1 -Tail 1 } | Should -Throw -ErrorId 'InvalidInput,*'
    }

    It 'begins at a time with -Since: a duration, a time span, a date, a text' {
        $task = Invoke-RemoteTask 'echo old; echo $(($(date +%s) - 100)) 4 >>"$REMOTE_DISPATCH_WORKSPACE/times"; echo new' -Wait 6>$null
        foreach ($since in '50s', ([timespan]::FromSeconds(50)), (Get-Date).AddSeconds(-50), [DateTimeOffset]::Now.AddSeconds(-50), (Get-Date).AddSeconds(-50).ToString('o')) {
            Get-RemoteTaskLog $task -Since $since -Raw | Should -Be 'new'
            Get-RemoteTaskLog $task -Since $since -Follow -Raw | Should -Be 'new'
        }
        foreach ($since in '3m', (Get-Date).AddHours(-1)) { Get-RemoteTaskLog $task -Since $since -Raw | Should -Be 'old', 'new' }
        Get-RemoteTaskLog $task -Since (Get-Date).AddHours(1) | Should -BeNullOrEmpty
        { Get-RemoteTaskLog $task -Since tomorrow } | Should -Throw '*neither a duration nor a time*'
        { Get-RemoteTaskLog $task -Since 1m -Tail 1 } | Should -Throw -ErrorId 'InvalidInput,*'
    }

    It 'gives every byte value exactly with -AsByteStream, as single bytes, as arrays, and into a file' {
        $bytes = [byte[]](0..255) * 3 + [byte[]](13, 10, 0xE2, 0x82)
        $source = New-FileName
        [System.IO.File]::WriteAllBytes($source, $bytes)
        $task = Invoke-RemoteTask "cat '$source'" -Wait 6>$null
        $single = Get-RemoteTaskLog $task -AsByteStream
        $single | Should -BeOfType ([byte])
        [Convert]::ToHexString($single) | Should -Be ([Convert]::ToHexString($bytes))
        $arrays = @(Get-RemoteTaskLog $task -AsByteStream -Raw -Follow)
        , $arrays[0] | Should -BeOfType ([byte[]])
        [Convert]::ToHexString([byte[]]($arrays | ForEach-Object { $_ })) | Should -Be ([Convert]::ToHexString($bytes))
        $file = New-FileName
        foreach ($raw in $true, $false) {
            Get-RemoteTaskLog $task -AsByteStream -Raw:$raw | Set-Content $file -AsByteStream
            [Convert]::ToHexString([System.IO.File]::ReadAllBytes($file)) | Should -Be ([Convert]::ToHexString($bytes))
        }
        [Convert]::ToHexString((Get-RemoteTaskLog $task -AsByteStream -Offset 770)) | Should -Be 'E282'
    }

    It 'masks a secret in bytes too, at the offsets that they have' {
        $env:HUSHED_SECRET = 'hush-hush-4711'
        try { $task = Invoke-RemoteTask 'printf "a\0%s\377b" "$HUSHED_SECRET"' -CredentialName HUSHED_SECRET -Wait 6>$null } finally { $env:HUSHED_SECRET = $null }
        $bytes = Get-RemoteTaskLog $task -AsByteStream
        $bytes.Count | Should -Be 18
        [Convert]::ToHexString($bytes) | Should -Be ('6100' + '2A' * 14 + 'FF62')
    }

    It 'emits the task behind its log with -PassThru' {
        $task = Invoke-RemoteTask 'echo x; exit 9'
        $all = @(Get-RemoteTaskLog $task -Follow -Raw -PassThru)
        $all[0] | Should -Be 'x'
        $all[1] | Should -BeOfType ([RemoteDispatch.Tasks.RemoteTask])
        $all[1].ExitCode | Should -Be 9
    }

    It 'gives a line of ten mebibytes as one line' {
        $task = Invoke-RemoteTask 'head -c 10485760 /dev/zero | tr "\0" x; echo; echo end' -Wait 6>$null
        $log = Get-RemoteTaskLog $task -Raw
        $log.Length | Should -Be 2
        $log[0].Length | Should -Be 10485760
        $log[1] | Should -Be 'end'
    }

    It 'gives plain strings with -Raw' {
        $log = Get-RemoteTaskLog five -Raw
        $log | Should -BeOfType ([string])
        $log[0] | Should -BeExactly 'line 1'
    }

    It 'gives entries that Select-String and Where-Object understand' {
        Get-RemoteTaskLog five | Select-String 'error' | ForEach-Object Line | Should -Be 'an error'
        (Get-RemoteTaskLog five | Where-Object Text -Like 'line [24]').Text | Should -Be 'line 2', 'line 4'
        (Get-RemoteTaskLog five) -match 'error' | Should -HaveCount 1
        "$((Get-RemoteTaskLog five)[0])" | Should -Be 'line 1'
    }

    It 'prints as its text' {
        (Get-RemoteTaskLog five | Out-String -Stream).Where({ $_ }) | Should -Be 'line 1', 'line 2', 'line 3', 'line 4', 'line 5', 'an error'
    }

    # KNOWN GAP: the view of an entry is a custom control, which puts an empty line before the first and after the last entry.
    It 'goes into a file line by line, and nothing else does' {
        $file = New-FileName
        Get-RemoteTaskLog five | Out-File $file
        Get-Content $file | Should -Be 'line 1', 'line 2', 'line 3', 'line 4', 'line 5', 'an error'
    }

    It 'keeps a long line in one piece in a file' {
        $task = Invoke-RemoteTask 'printf "%0500d\n" 7' -Wait 6>$null
        $file = New-FileName
        Get-RemoteTaskLog $task | Out-File $file
        (Get-Content $file).Where({ $_ }) | Should -Be ('0' * 499 + '7')
    }

    It 'gives UTF-8, empty lines, carriage returns and a last line without an end as they are' {
        $task = Invoke-RemoteTask 'printf "ä漢🚀\n\n  two  \r\nlast"' -Wait 6>$null
        Get-RemoteTaskLog $task -Raw | Should -BeExactly 'ä漢🚀', '', '  two  ', 'last'
    }

    It 'gives nothing of a task that printed nothing' {
        $task = Invoke-RemoteTask 'true' -Wait 6>$null
        Get-RemoteTaskLog $task -ErrorAction Stop | Should -BeNullOrEmpty
        Get-RemoteTaskLog $task -Follow -ErrorAction Stop | Should -BeNullOrEmpty
    }

    It 'gives a log of fifty thousand lines whole' {
        $task = Invoke-RemoteTask 'seq 1 50000' -Wait -InformationAction Ignore 6>$null
        $log = Get-RemoteTaskLog $task -Raw
        $log.Count | Should -Be 50000
        $log[49999] | Should -Be '50000'
    }

    It 'takes no word of the log for a word of its own' {
        $gate = New-Gate
        $task = Invoke-RemoteTask "echo 'ended exited 0 1 1'; echo EXIT:0; echo 'lost 1'; $($gate.Wait)"
        Wait-Until { @(Get-RemoteTaskLog $task).Count -eq 3 }
        (Get-RemoteTask $task.Id).State | Should -Be 'Running'
        (Get-RemoteTaskLog $task -Raw)[0] | Should -Be 'ended exited 0 1 1'
        $gate.Open()
    }

    Context 'with -Follow' {
        It 'gives lines as they come, to the end of the task' {
            $gate = New-Gate
            $task = Invoke-RemoteTask "echo first; $($gate.Wait); echo last"
            $pipeline = Start-Pipeline 'Get-RemoteTaskLog $With.Id -Follow -Raw' @{ Id = $task.Id }
            Wait-Until { $pipeline.Output.Count -eq 1 }
            $pipeline.Output[0] | Should -Be 'first'
            $pipeline.Handle.IsCompleted | Should -BeFalse
            $gate.Open()
            Complete-Pipeline $pipeline | Should -Be 'first', 'last'
        }

        It 'tells how the task ended, beside the output' {
            $task = Invoke-RemoteTask 'echo x; exit 9'
            $null = Get-RemoteTaskLog $task -Follow -InformationVariable told
            $end = $told | Where-Object Tags -Contains 'RemoteTaskEnd'
            $end.MessageData.State | Should -Be 'Failed'
            $end.MessageData.ExitCode | Should -Be 9
        }

        It 'begins at the last lines with -Tail' {
            $gate = New-Gate
            $task = Invoke-RemoteTask "seq 1 10; $($gate.Wait); echo last"
            Wait-Until { @(Get-RemoteTaskLog $task).Count -eq 10 }
            $pipeline = Start-Pipeline 'Get-RemoteTaskLog $With.Id -Follow -Tail 2 -Raw' @{ Id = $task.Id }
            Wait-Until { $pipeline.Output.Count -eq 2 }
            $gate.Open()
            Complete-Pipeline $pipeline | Should -Be '9', '10', 'last'
        }

        It 'gives the whole log of a task that has ended, and ends' {
            (Get-RemoteTaskLog five -Follow).Text | Should -HaveCount 6
        }

        It 'ends when the pipeline has had enough' {
            $gate = New-Gate
            $task = Invoke-RemoteTask "echo enough; $($gate.Wait)"
            Get-RemoteTaskLog $task -Follow -Raw | Select-Object -First 1 | Should -Be 'enough'
            (Get-RemoteTask $task.Id).State | Should -Be 'Running'
            $gate.Open()
        }

        It 'stops on Ctrl-C in under two seconds, and the task lives on' {
            $gate = New-Gate
            $task = Invoke-RemoteTask "echo begun; $($gate.Wait)" -Id l-ctrl-c
            $pipeline = Start-Pipeline 'Get-RemoteTaskLog l-ctrl-c -Follow'
            Wait-Until { $pipeline.Output.Count -gt 0 }
            Stop-Pipeline $pipeline | Should -BeLessThan ([timespan]::FromSeconds(2))
            (Get-RemoteTask l-ctrl-c).State | Should -Be 'Running'
            $gate.Open()
            (Wait-RemoteTask l-ctrl-c -Timeout '20s').State | Should -Be 'Succeeded'
        }

        It 'stops on Ctrl-C in the middle of a flood' {
            $task = Invoke-RemoteTask 'while :; do echo yyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyy; done' -TimeLimit '30s'
            $pipeline = Start-Pipeline 'Get-RemoteTaskLog $With.Id -Follow | ForEach-Object -Begin { $n = 0 } -Process { if (++$n % 1000 -eq 0) { $n } }' @{ Id = $task.Id }
            Wait-Until { $pipeline.Output.Count -gt 2 }
            $took = Stop-Pipeline $pipeline
            Stop-RemoteTask $task -Grace 0 -Force
            Remove-RemoteTaskWorkspace $task -KeepLog:$false -Force
            $took | Should -BeLessThan ([timespan]::FromSeconds(2))
        }

        It 'follows several hosts together, each line with its host' -Tag Fleet {
            Add-Fleet
            $gate = New-Gate
            $tasks = Invoke-RemoteTask "echo first; $($gate.Wait); echo last" h1, h2, h3
            $pipeline = Start-Pipeline '$With.Tasks | Get-RemoteTaskLog -Follow' @{ Tasks = $tasks }
            Wait-Until { $pipeline.Output.Count -eq 3 }
            $gate.Open()
            $log = Complete-Pipeline $pipeline
            foreach ($name in 'h1', 'h2', 'h3') { ($log | Where-Object HostName -EQ $name).Text | Should -Be 'first', 'last' }
        }
    }

    It 'tells of a task that is not there' {
        { Get-RemoteTaskLog nobody -ErrorAction Stop } | Should -Throw -ErrorId 'TaskNotFound,RemoteDispatch.PowerShell.Logs.GetRemoteTaskLogCommand'
        { Get-RemoteTaskLog nobody -HostName local -ErrorAction Stop } | Should -Throw -ErrorId 'TaskNotFound,*'
        { Get-RemoteTaskLog '../x' -ErrorAction Stop } | Should -Throw -ErrorId 'InvalidInput,*'
    }

    It 'opens one more connection to a host, for all logs together' -Tag Fleet {
        Add-Fleet
        Use-NewSession
        $tasks = 1..3 | ForEach-Object { Invoke-RemoteTask 'echo x' h3 }
        $before = Get-ConnectionCount h3
        @($tasks | Get-RemoteTaskLog -Follow -NoCollect).Count | Should -Be 3
        $null = $tasks | Save-RemoteTaskLog
        Get-ConnectionCount h3 | Should -Be ($before + 1)
    }

    It 'completes task ids' {
        $null = Invoke-RemoteTask 'true' -Id l-completes
        (Get-Completion 'Get-RemoteTaskLog l-comp').CompletionText | Should -Be 'l-completes'
    }

    It 'gives the logs of all tasks whose ids are like a wildcard, each line with its task' {
        $null = 'gl-1', 'gl-2' | ForEach-Object { Invoke-RemoteTask "echo of $_" -Id $_ -Wait 6>$null }
        (Get-RemoteTaskLog 'gl-*' | Sort-Object TaskId | ForEach-Object { "$($_.TaskId): $_" }) | Should -Be 'gl-1: of gl-1', 'gl-2: of gl-2'
        Use-NewSession
        Get-RemoteTaskLog 'gl-[12]' -HostName local -Raw | Sort-Object | Should -Be 'of gl-1', 'of gl-2'
    }

    It 'copies a followed log to this machine at the end, unless it is not to' {
        $followed, $kept = 1..2 | ForEach-Object { Invoke-RemoteTask 'echo x' }
        $null = Get-RemoteTaskLog $followed -Follow
        $null = Get-RemoteTaskLog $kept -Follow -NoCollect
        Get-Content (Get-RemoteTask $followed.Id).LogPath | Should -Be 'x'
        (Get-RemoteTask $kept.Id).LogPath | Should -BeNullOrEmpty
    }
}
