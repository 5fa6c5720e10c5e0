BeforeAll { . "$PSScriptRoot/Setup.ps1" }
AfterAll { Clear-Sandbox }

Describe 'Secrets for a task' -Tag Local {
    BeforeAll {
        $value = "s3cret-$([guid]::NewGuid())"
        $env:MY_TEST_TOKEN = $value
        $secure = ConvertTo-SecureString $value -AsPlainText
    }
    AfterAll { Remove-Item Env:MY_TEST_TOKEN }

    It 'come from variables of this environment, and are stars in the log' {
        $task = Invoke-RemoteTask 'printf %s "$MY_TEST_TOKEN" | wc -c; echo "<$MY_TEST_TOKEN>"' -CredentialName MY_TEST_TOKEN -Wait 6>$null
        $task.CredentialNames | Should -Be 'MY_TEST_TOKEN'
        $stars = '*' * $value.Length
        Get-Content $task.LogPath | Should -Be "$($value.Length)", "<$stars>"
        $task | Get-RemoteTaskLog -Raw | Should -Be "$($value.Length)", "<$stars>"
        ($task | Get-RemoteTaskLog -Raw -NoRedaction)[1] | Should -BeExactly "<$value>"
        Get-Content ($task | Save-RemoteTaskLog -Destination "$Sandbox/plain" -NoRedaction) -Tail 1 | Should -BeExactly "<$value>"
    }

    It 'come as SecureString and as PSCredential' {
        $person = [pscredential]::new('me', $secure)
        $task = Invoke-RemoteTask '[ "$A" = "$B" ] && printf %s "$A" | wc -c' -Credential @{ A = $secure; B = $person } -Wait 6>$null
        Get-Content $task.LogPath | Should -Be "$($value.Length)"
        $task.CredentialNames | Sort-Object | Should -Be 'A', 'B'
    }

    It 'are refused as plain text, which the error does not repeat' {
        { Invoke-RemoteTask 'true' -Credential @{ A = $value } } | Should -Throw -ErrorId 'InvalidInput,*'
        "$($Error[0])$($Error[0].ErrorDetails.RecommendedAction)" | Should -Not -Match $value
        { Invoke-RemoteTask 'true' -Credential @{ A = 42 } } | Should -Throw -ErrorId 'InvalidInput,*'
    }

    It 'are asked of a vault where SecretManagement is installed, and of nobody where it is not' {
        if (Get-Command Get-Secret -ErrorAction Ignore) { Set-ItResult -Skipped -Because 'SecretManagement is installed'; return }
        { Invoke-RemoteTask 'true' -Credential @{ A = 'vault:name' } } | Should -Throw -ErrorId 'CredentialUnavailable,*'
        function Get-Secret([string] $Vault, [string] $Name) { if ($Vault -eq 'stand-in' -and $Name -eq 'token') { $secure } else { throw 'no such secret' } }
        $task = Invoke-RemoteTask 'printf %s "$A" | wc -c' -Credential @{ A = 'stand-in:token' } -Wait 6>$null
        Get-Content $task.LogPath | Should -Be "$($value.Length)"
        { Invoke-RemoteTask 'true' -Credential @{ A = 'stand-in:other' } } | Should -Throw -ErrorId 'CredentialUnavailable,*'
    }

    It 'that cannot be had stop the task before anything is sent' {
        $before = @(Get-RemoteTask -Cached).Count
        { Invoke-RemoteTask 'true' -CredentialName MY_TEST_NOT_SET } | Should -Throw -ErrorId 'CredentialUnavailable,*'
        @(Get-RemoteTask -Cached).Count | Should -Be $before
    }

    It 'of the usual set are taken only where somebody asks for it' {
        $env:OPENROUTER_API_KEY = $value
        try {
            (Invoke-RemoteTask 'true').CredentialNames | Should -BeNullOrEmpty
            (Invoke-RemoteTask 'true' -ForwardDefaultCredential).CredentialNames | Should -Contain 'OPENROUTER_API_KEY'
        } finally { Remove-Item Env:OPENROUTER_API_KEY }
    }

    It 'are named by -WhatIf and shown by no stream, no transcript, no file' {
        $said = Invoke-OtherProcess @"
            Start-Transcript '$Sandbox/transcript' | Out-Null
            Invoke-RemoteTask 'true' -CredentialName MY_TEST_TOKEN -WhatIf
            `$DebugPreference = 'Continue'
            `$task = Invoke-RemoteTask 'echo "`$MY_TEST_TOKEN"' -CredentialName MY_TEST_TOKEN -Wait -Verbose -Debug -InformationAction Continue
            `$task | ConvertTo-Json -Depth 5
            `$task | Format-List *
            `$task | Get-RemoteTaskLog -Verbose -Debug
            Get-History | Out-String
            Stop-Transcript | Out-Null
"@ *>&1
        "$said" | Should -Match 'credentials MY_TEST_TOKEN'
        "$said" | Should -Match 'Succeeded'
        "$said" | Should -Not -Match $value
        $files = Get-ChildItem $Sandbox -Recurse -File -Force | Where-Object { (Get-Content $_ -Raw) -match $value }
        # The log on the host (this machine) has what the task printed, and the copies that were asked for without masking.
        $files.FullName | Where-Object { $_ -notmatch '/\.remote-dispatch/tasks/[^/]+/log$' -and $_ -notmatch '/plain/' } | Should -BeNullOrEmpty
    }

    It 'of another session are masked where the variable is set, and told of where it is not' {
        $task = Invoke-RemoteTask 'echo "<$MY_TEST_TOKEN>"' -CredentialName MY_TEST_TOKEN
        $null = $task | Wait-RemoteTask
        Invoke-OtherProcess "Get-RemoteTaskLog $task -Raw" | Should -Be "<$('*' * $value.Length)>"
        $said = Invoke-OtherProcess "`$env:MY_TEST_TOKEN = ''; Get-RemoteTaskLog $task -Raw -InformationAction Continue" *>&1
        "$said" | Should -Match "not_redacted host=local task=$task credentials=MY_TEST_TOKEN"
    }
}
